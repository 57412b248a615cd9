package digitalpaye

import (
	"net/http"
)

// claims are the contents of a token: the three claims of published ones.
type claims struct {
	Company  string `json:"companyId"`
	IssuedAt int64  `json:"iat"` // Unix seconds
	Expires  int64  `json:"exp"` // Unix seconds
}

const company = "00000000-0000-4000-8000-000000000225" // the account of the sandbox

// validToken reports whether a token is ours and has not expired.
func (s *Simulator) validToken(token string) bool {
	var said claims
	return s.tokens.Read(token, &said) && s.Now().Unix() < said.Expires
}

// token serves POST /v1/auth, which issues the tokens of every shape. The call has Basic
// base64(api_key:api_secret) and an empty body. The response has data.token and data.exp.
func (s *Simulator) token(w http.ResponseWriter, r *http.Request) error {
	key, secret, isBasic := r.BasicAuth()
	switches := s.Faults.Read()
	switch {
	case !isBasic:
		return shapedRefusal{invalid("Authorization"), v1}
	case !rightEnvironment(r):
		return shapedRefusal{invalid("X-Environment"), v1}
	case !s.Authenticate(key, APIKey) || !s.Authenticate(secret, APISecret):
		return shapedRefusal{wrongKeys, v1}
	}
	now := s.Now()
	said := claims{
		Company: company, IssuedAt: now.Unix(), Expires: now.Add(switches.TokenLifetime(tokenLifetime)).Unix(),
	}
	token, err := s.tokens.JWT(said)
	if err != nil {
		return s.refusal(v1, err)
	}
	v1.reply(w, "", struct {
		Token string `json:"token"`
		Exp   int64  `json:"exp"` // Unix seconds
	}{token, said.Expires})
	return nil
}
