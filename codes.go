package pirogue

// Code classifies an error for programs, which may branch on it. Codes are never translated and
// never reused for another meaning.
type Code string

// The codes of the merchant API. The table Codes gives each its HTTP status and texts;
// docs/errors.md is generated from it.
const (
	InvalidJSON          Code = "INVALID_JSON"
	UnknownField         Code = "UNKNOWN_FIELD"
	SignatureInvalid     Code = "SIGNATURE_INVALID"
	TimestampOutOfRange  Code = "TIMESTAMP_OUT_OF_RANGE"
	SignatureReplayed    Code = "SIGNATURE_REPLAYED"
	MerchantSuspended    Code = "MERCHANT_SUSPENDED"
	IPNotAllowed         Code = "IP_NOT_ALLOWED"
	TransactionNotFound  Code = "TRANSACTION_NOT_FOUND"
	NotFound             Code = "NOT_FOUND"
	MethodNotAllowed     Code = "METHOD_NOT_ALLOWED"
	PayloadTooLarge      Code = "PAYLOAD_TOO_LARGE"
	UnsupportedMediaType Code = "UNSUPPORTED_MEDIA_TYPE"
	DuplicateOrder       Code = "DUPLICATE_ORDER"
	IdempotencyMismatch  Code = "IDEMPOTENCY_MISMATCH"
	RefundInProgress     Code = "REFUND_IN_PROGRESS"
	MissingField         Code = "MISSING_FIELD"
	InvalidAmount        Code = "INVALID_AMOUNT"
	InvalidMSISDN        Code = "INVALID_MSISDN"
	InvalidCurrency      Code = "INVALID_CURRENCY"
	CountryNotSupported  Code = "COUNTRY_NOT_SUPPORTED"
	InvalidOrderID       Code = "INVALID_ORDER_ID"
	InvalidURL           Code = "INVALID_URL"
	InvalidParameter     Code = "INVALID_PARAMETER"
	InsufficientBalance  Code = "INSUFFICIENT_BALANCE"
	RefundNotAllowed     Code = "REFUND_NOT_ALLOWED"
	RefundExceedsPayment Code = "REFUND_EXCEEDS_PAYMENT"
	RateLimited          Code = "RATE_LIMITED"
	Internal             Code = "INTERNAL_ERROR"
	OperatorUnavailable  Code = "OPERATOR_UNAVAILABLE"
	ServiceUnavailable   Code = "SERVICE_UNAVAILABLE"
)

// LocalizedText is one sentence in the two languages of the API, French and English.
type LocalizedText struct{ FR, EN string }
