package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"suiftly/internal/config"
	"suiftly/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// mayEnter is the house plan: which rooms a room imports. Pipes (internal/...) import no room at all.
var mayEnter = map[string][]string{
	"auth": nil, "services": nil, "wallet": nil, "logs": nil,
	"billing": {"logs", "services", "wallet"},
}

// onlyHere names packages that may be imported from one place only, and why.
var onlyHere = map[string]struct{ place, why string }{
	"github.com/gofiber/fiber/v2":                               {"internal/web", "the API's shape is one package's business"},
	"github.com/danielgtaylor/huma/v2":                          {"internal/web", "its pin (v2.37.2) and its traps are one package's business"},
	"github.com/amacneil/dbmate/v2":                             {"internal/pg", "it takes no lock by itself"},
	"github.com/go-co-op/gocron/v2":                             {"internal/jobs", "a job runs once per due time only through our claim"},
	"github.com/golang-jwt/jwt/v5":                              {"modules/auth", "tokens are made and read in one room"},
	"github.com/pattonkan/sui-go":                               {"internal/sui", "its verifier fails on real input: only its types are used"},
	"github.com/knadh/koanf/v2":                                 {"internal/config", "one way to read a setting"},
	"github.com/decred/dcrd/dcrec/secp256k1/v4":                 {"internal/sui", "signatures are checked in one place"},
	"connectrpc.com/connect":                                    {"internal/sui", "the network is asked in one place"},
	"github.com/wneessen/go-mail":                               {"internal/mail", "e-mail is sent in one place"},
	"github.com/minio/minio-go/v7":                              {"internal/backup", "the only thing kept outside of Postgres"},
	"github.com/prometheus/client_golang/prometheus/collectors": {"internal/web", "one registry"},
}

type goPackage struct {
	ImportPath, Doc  string
	GoFiles, Imports []string
}

func packages(t *testing.T) []goPackage {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Doc,GoFiles,Imports", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []goPackage
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var p goPackage
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

func TestImportsFollowThePlan(t *testing.T) {
	met := map[string]bool{}
	for _, p := range packages(t) {
		self, isRoom := strings.CutPrefix(p.ImportPath, "suiftly/modules/")
		self, _, _ = strings.Cut(self, "/")
		if isRoom {
			met[self] = true
			if _, known := mayEnter[self]; !known {
				t.Errorf("room %s is not in the plan: add it to mayEnter and say why in the commit", self)
			}
		}
		for _, path := range p.Imports {
			if room, ok := strings.CutPrefix(path, "suiftly/modules/"); ok {
				room, _, _ = strings.Cut(room, "/")
				switch {
				case strings.HasPrefix(p.ImportPath, "suiftly/internal/"):
					t.Errorf("%s is a pipe and imports room %s", p.ImportPath, room)
				case isRoom && room != self && !slices.Contains(mayEnter[self], room):
					t.Errorf("room %s walks into %s", self, room)
				}
			}
			for only, where := range onlyHere {
				if (path == only || strings.HasPrefix(path, only+"/")) && !strings.HasPrefix(p.ImportPath, "suiftly/"+where.place) {
					t.Errorf("%s imports %s: only %s may (%s)", p.ImportPath, path, where.place, where.why)
				}
				met[only] = met[only] || path == only || strings.HasPrefix(path, only+"/")
			}
		}
		if len(p.GoFiles) == 0 { // only tests
			continue
		}
		if p.Doc == "" || !strings.HasSuffix(strings.TrimSpace(p.Doc), ".") {
			t.Errorf("%s has no sentence that says what it is for", p.ImportPath)
		}
	}
	for name := range mayEnter {
		if !met[name] {
			t.Errorf("the plan names room %s, which does not exist", name)
		}
	}
	for name := range onlyHere {
		if !met[name] {
			t.Errorf("the plan restricts %s, which nobody imports", name)
		}
	}
}

var (
	schemas  = "auth|services|wallet|logs|billing|ops"
	inSQL    = regexp.MustCompile(`(?i)\b(?:from|join|into|update|table|copy|truncate|exists)\s+(?:only\s+|if\s+not\s+exists\s+)?(` + schemas + `)\.[a-z_]+`)
	sqlWords = regexp.MustCompile(`(?i)^\s*(?:--.*\n\s*)*(?:select|insert|update|delete|with|copy|create|lock|truncate|merge)\b`)
)

// TestSQLStaysInItsRoom reads every SQL text: a room names only its own schema, the pipes only ops.
func TestSQLStaysInItsRoom(t *testing.T) {
	seen := 0
	check := func(file, room, text string) {
		for _, m := range inSQL.FindAllStringSubmatch(text, -1) {
			seen++
			if !strings.EqualFold(m[1], room) {
				t.Errorf("%s is in room %s and reads or writes %q", file, room, m[0])
			}
		}
	}
	for _, top := range []string{"modules", "internal"} {
		err := filepath.WalkDir(top, func(file string, d fs.DirEntry, err error) error {
			parts := strings.Split(filepath.ToSlash(file), "/")
			if err != nil || d.IsDir() || strings.HasSuffix(file, "_test.go") || slices.Contains(parts, "testdata") || strings.HasPrefix(file, "internal/pgtest") {
				return err
			}
			room := "ops"
			if top == "modules" {
				room = parts[1]
			}
			switch filepath.Ext(file) {
			case ".sql":
				text, err := os.ReadFile(file)
				check(file, room, string(text))
				return err
			case ".go":
				tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
				if err != nil {
					return err
				}
				ast.Inspect(tree, func(n ast.Node) bool {
					if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
						if text, err := strconv.Unquote(lit.Value); err == nil && sqlWords.MatchString(text) {
							check(file, room, text)
						}
					}
					return true
				})
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if seen < 30 {
		t.Errorf("only %d table names were found: this test has stopped reading SQL", seen)
	}
}

// TestExampleConfig holds config.example.yaml to be the manual: it explains every key and says its true default.
func TestExampleConfig(t *testing.T) {
	s := settings{}
	if err := config.Load(&s, "config.example.yaml", nil); err != nil {
		t.Fatal(err)
	}
	fromExample, err := config.Show(s)
	if err != nil {
		t.Fatal(err)
	}
	fromDefaults, err := config.Show(defaults())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(fromExample, fromDefaults) {
		t.Errorf("the example is not the defaults:\n%s\n--- defaults\n%s", fromExample, fromDefaults)
	}
	if err := s.validate(); err != nil {
		t.Errorf("the example is refused: %v", err)
	}
	var node yaml.Node
	if err := yaml.Unmarshal([]byte(exampleConfig), &node); err != nil {
		t.Fatal(err)
	}
	explained := map[string]bool{}
	var walk func(n *yaml.Node, at string)
	walk = func(n *yaml.Node, at string) {
		for i := 0; n.Kind == yaml.MappingNode && i < len(n.Content); i += 2 {
			key := strings.TrimPrefix(at+"."+n.Content[i].Value, ".")
			explained[key] = n.Content[i].HeadComment != ""
			walk(n.Content[i+1], key)
		}
	}
	walk(node.Content[0], "")
	for _, key := range config.Keys(reflect.TypeFor[settings]()) {
		if !explained[key] {
			t.Errorf("config.example.yaml does not explain %s", key)
		}
	}
}

func TestOpenAPIIsCurrent(t *testing.T) {
	now, err := apiDescription()
	if err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile("ui/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(now, kept) {
		t.Error("ui/openapi.json is not what the code says: make gen")
	}
	var spec struct {
		Paths map[string]map[string]struct {
			OperationID string `json:"operationId"`
			Summary     string `json:"summary"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(now, &spec); err != nil {
		t.Fatal(err)
	}
	for path, methods := range spec.Paths {
		for method, op := range methods {
			if op.OperationID == "" || op.Summary == "" {
				t.Errorf("%s %s has no operation id or summary", method, path)
			}
		}
	}
	if len(spec.Paths) < 10 {
		t.Errorf("only %d paths", len(spec.Paths))
	}
}

// TestSchemaIsCurrent holds db/schema.sql to be what the migrations make.
func TestSchemaIsCurrent(t *testing.T) {
	kept, err := os.ReadFile("db/schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	now, err := pgtest.Dump(t)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(now, kept) {
		if os.Getenv("UPDATE") != "" {
			if err := os.WriteFile("db/schema.sql", now, 0o644); err != nil {
				t.Fatal(err)
			}
			return
		}
		t.Error("db/schema.sql is not what the migrations make: make migrate")
	}
}

func TestCommandLine(t *testing.T) {
	t.Chdir(t.TempDir())
	write := func(name, text string) string {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	for name, c := range map[string]struct {
		args []string
		code int
		says string // on standard output when code is 0, else on standard error
	}{
		"no command":        {nil, 0, "usage: suiftly COMMAND"},
		"help":              {[]string{"--help"}, 0, "serve"},
		"version":           {[]string{"version"}, 0, version},
		"an unknown one":    {[]string{"sevre"}, 2, `no command "sevre"`},
		"an unknown flag":   {[]string{"serve", "--prot", "1"}, 2, "suiftly serve --help"},
		"help of one":       {[]string{"serve", "--help"}, 0, "-config"},
		"an extra argument": {[]string{"serve", "now"}, 2, `unexpected argument "now"`},
		"a missing file":    {[]string{"serve", "--config", "nowhere.yaml"}, 1, "nowhere.yaml does not exist"},
		"a typo in it":      {[]string{"config", "--config", write("typo.yaml", "logs: {lisen: x}\n")}, 1, "logs.lisen: unknown key; did you mean logs.listen?"},
		"not YAML":          {[]string{"config", "--config", write("bad.yaml", "logs: [\n")}, 1, "bad.yaml"},
		"a bad port":        {[]string{"config", "--config", write("port.yaml", "web: {listen: \"127.0.0.1:99999\"}\n")}, 1, "web.listen"},
		"two mistakes":      {[]string{"config", "--config", write("two.yaml", "web: {listen: \"x\", body_limit_bytes: 1}\n")}, 1, "web.body_limit_bytes"},
		"the example":       {[]string{"config", "--example"}, 0, "drain_wait: 6s"},
		"what holds":        {[]string{"config"}, 0, "listen: 127.0.0.1:8080"},
		"migrate what":      {[]string{"migrate"}, 2, "suiftly migrate up"},
		"billing what":      {[]string{"billing"}, 2, "billing run --once"},
		"billing not once":  {[]string{"billing", "run"}, 2, "--once"},
		"billing when":      {[]string{"billing", "run", "--once", "--at", "noon"}, 2, `"noon" is not a time`},
		"billing later":     {[]string{"billing", "run", "--once", "--at", "2999-01-01T00:00:00Z"}, 2, "in the future"},
		"verify what":       {[]string{"doctor", "verify-signature"}, 2, "verify-signature ID"},
		"verify which":      {[]string{"doctor", "verify-signature", "one"}, 2, `"one" is not the number`},
		"logs what":         {[]string{"logs"}, 2, "suiftly logs import FILE"},
		"import what":       {[]string{"logs", "import"}, 2, "name the files"},
		"logs whither":      {[]string{"logs", "export"}, 2, "no suiftly logs export"},
		"an unknown part":   {[]string{"billing", "walk"}, 2, "no suiftly billing walk"},
		"backup what":       {[]string{"backup"}, 2, "suiftly backup create"},
		"backup which":      {[]string{"backup", "verify"}, 2, "verify NAME"},
		"backup otherwise":  {[]string{"backup", "burn"}, 2, "no suiftly backup burn"},
		"backup nowhere":    {[]string{"backup", "list"}, 1, "backup.to is not set"},
		"nobody serves":     {[]string{"healthcheck", "http://127.0.0.1:1"}, 1, "does not answer"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, problems bytes.Buffer
			code := run(t.Context(), c.args, &out, &problems)
			said := out.String()
			if c.code != 0 {
				said = problems.String()
			}
			if code != c.code || !strings.Contains(said, c.says) {
				t.Errorf("exit %d, out %q, err %q; want exit %d and %q", code, out.String(), problems.String(), c.code, c.says)
			}
		})
	}
	t.Run("a secret is not shown", func(t *testing.T) {
		t.Setenv("SUIFTLY_DATABASE__URL", "postgres://u:hunter2@db/x")
		t.Setenv("SUIFTLY_AUTH__SIGNING_KEYS", "["+strings.Repeat("k", 32)+"]")
		var out, problems bytes.Buffer
		if code := run(t.Context(), []string{"config"}, &out, &problems); code != 0 || strings.Contains(out.String(), "hunter2") || strings.Contains(out.String(), "kkkk") {
			t.Errorf("exit %d: %s%s", code, out.String(), problems.String())
		}
	})
}

// TestRoutesAreClassified walks the router: every operation says who may call it, and none of another kind slips in.
func TestRoutesAreClassified(t *testing.T) {
	spec, err := apiDescription()
	if err != nil {
		t.Fatal(err)
	}
	var api struct {
		Paths map[string]map[string]struct {
			Access   string `json:"x-access"`
			Security []any  `json:"security"`
			ID       string `json:"operationId"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(spec, &api); err != nil {
		t.Fatal(err)
	}
	// The whole list of what a stranger may call. A new entry here is a decision.
	open := []string{"auth-challenge", "auth-logout", "auth-refresh", "auth-verify", "auth-verify-email", "meta-get"}
	var found []string
	for _, path := range slices.Sorted(maps.Keys(api.Paths)) {
		for method, op := range api.Paths[path] {
			switch op.Access {
			case "anyone":
				found = append(found, op.ID)
			case "customer", "active", "operator", "edge":
				if len(op.Security) == 0 {
					t.Errorf("%s %s does not tell its caller to sign in", method, path)
				}
			default:
				t.Errorf("%s %s: access %q", method, path, op.Access)
			}
		}
	}
	slices.Sort(found)
	if fmt.Sprint(found) != fmt.Sprint(open) {
		t.Errorf("open to anyone: %v, planned: %v", found, open)
	}
}
