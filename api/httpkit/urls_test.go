package httpkit

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue"
)

// An address in any special-purpose network is refused, in every spelling.
func TestOnlyTheInternetIsPublic(t *testing.T) {
	t.Parallel()

	for text, want := range map[string]bool{
		"8.8.8.8": true, "196.200.1.1": true, "2c0f:f248::1": true, "172.15.0.1": true, "172.32.0.1": true,
		"127.0.0.1": false, "::1": false, "::127.0.0.1": false, "::ffff:0.0.0.0": false, "64:ff9b::7f00:1": false,
		"2002:7f00:1::": false, "169.254.169.254": false, "100.64.0.1": false, "192.0.0.192": false,
		"198.18.0.1":    false,
		"fd00:ec2::254": false, "0.0.0.0": false, "240.0.0.1": false, "255.255.255.255": false, "fe80::1%eth0": false,
		"172.16.0.1": false, "172.31.255.255": false, "2001::1": false, "2001:db8::1": false, "ff02::1": false,
		"::": false,
	} {
		require.Equal(t, want, isPublic(netip.MustParseAddr(text)), text)
	}
}

// A merchant's address serves live payments too, so http is for development only.
func TestMerchantWebhookURL(t *testing.T) {
	t.Parallel()

	server := NewURLRules("https://pay.example", false)
	laptop := NewURLRules("http://127.0.0.1:8080", true)
	for url, want := range map[string]struct{ server, laptop bool }{
		"https://shop.example/hook":      {true, true},
		"http://shop.example/hook":       {false, true},
		"http://127.0.0.1:9000/hook":     {false, true},
		"https://127.0.0.1/hook":         {false, true},
		"https://pay.example/api/v1":     {false, true},
		"http://127.0.0.1:8080/api/v1":   {false, false},
		"https://10.0.0.1/hook":          {false, false},
		"https://169.254.169.254/":       {false, false},
		"https://db.internal/hook":       {false, false},
		"https://user@shop.example/":     {false, false},
		"https://shop.example:8443/hook": {false, false},
		"https://shop.example/hook#a":    {false, false},
		"ftp://shop.example/":            {false, false},
		"shop.example":                   {false, false},
		"":                               {false, false},
		"https://shop.example/a\nb: c":   {false, false},
	} {
		for rules, good := range map[URLRules]bool{server: want.server, laptop: want.laptop} {
			err := rules.CheckMerchantWebhook(url)
			if good {
				require.NoError(t, err, url)
				continue
			}
			require.Equal(t, pirogue.FieldError(pirogue.InvalidURL, "notify_url"), err, url)
		}
	}
}
