package pirogue

// CountryCode is an ISO 3166 alpha-2 code, such as "ML".
type CountryCode string

// Country is one place where Pirogue can hold a merchant's balance.
type Country struct {
	Code     CountryCode
	Name     string
	DialCode string // E.164 country calling code, without the plus sign
	Currency Currency
}

// Countries lists every country Pirogue knows, with its calling code and currency (ITU-T E.164, ISO
// 4217). The configuration's routes decide which of them are served.
var Countries = []Country{
	{"BF", "Burkina Faso", "226", XOF},
	{"BJ", "Bénin", "229", XOF},
	{"CF", "Centrafrique", "236", XAF},
	{"CG", "Congo", "242", XAF},
	{"CI", "Côte d'Ivoire", "225", XOF},
	{"CM", "Cameroun", "237", XAF},
	{"GA", "Gabon", "241", XAF},
	{"GQ", "Guinée équatoriale", "240", XAF},
	{"GW", "Guinée-Bissau", "245", XOF},
	{"ML", "Mali", "223", XOF},
	{"NE", "Niger", "227", XOF},
	{"SN", "Sénégal", "221", XOF},
	{"TD", "Tchad", "235", XAF},
	{"TG", "Togo", "228", XOF},
}

// CountryByCode returns the country with this code, and whether there is one.
func CountryByCode(code CountryCode) (Country, bool) {
	for _, c := range Countries {
		if c.Code == code {
			return c, true
		}
	}
	return Country{}, false
}
