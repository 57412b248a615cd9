#!/bin/sh
# Creates the namespace and the search attributes Pirogue's workflows carry. Safe to run
# again. It waits for the server, but never longer than attempts x pause.
set -eu

attempts=30
pause=2 # seconds

# retry COMMAND… until it succeeds
retry() {
	tried=0
	until "$@"; do
		tried=$((tried + 1))
		if [ "$tried" -ge "$attempts" ]; then
			echo "gave up after $tried attempts: $*" >&2
			return 1
		fi
		sleep "$pause"
	done
}

# Support looks back a month; what a payment is for good stands in our own database.
namespace() {
	temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
		temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "${TEMPORAL_RETENTION:-720h}"
}

# Names that are there already with the same type are left alone by the server.
attributes() {
	temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" \
		--name PaymentKind --type Keyword \
		--name PaymentStatus --type Keyword \
		--name Operator --type Keyword \
		--name MerchantId --type Keyword \
		--name Country --type Keyword \
		--name NeedsAttention --type Bool
}

retry temporal operator cluster health
retry namespace
retry attributes
