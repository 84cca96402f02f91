package web

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// noRoute answers what no route of the API took: 405 with Allow where another method would do (RFC 9110 section 15.5.6),
// otherwise 404.
func (s *Server) noRoute(c *fiber.Ctx) error {
	if p := c.Path(); p != "/api" && !strings.HasPrefix(p, "/api/") {
		return c.Next() // fiber's Use matches by letters: /api-keys is a page of the dashboard
	}
	allowed := s.methodsAt(c.Path())
	if len(allowed) == 0 {
		return s.writeError(c, errNoRoute)
	}
	c.Set(fiber.HeaderAllow, strings.Join(allowed, ", "))
	return s.writeError(c, fiber.ErrMethodNotAllowed)
}

// methodsAt lists the methods that path has routes for, sorted.
func (s *Server) methodsAt(path string) []string {
	found := map[string]bool{}
	for template, item := range s.api.OpenAPI().Paths {
		if !matches(template, strings.TrimSuffix(path, "/")) {
			continue
		}
		for method, exists := range map[string]bool{
			http.MethodGet: item.Get != nil, http.MethodPost: item.Post != nil, http.MethodPut: item.Put != nil,
			http.MethodPatch: item.Patch != nil, http.MethodDelete: item.Delete != nil,
		} {
			if exists {
				found[method] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// matches reports whether path has the form of an OpenAPI path template.
func matches(template, path string) bool {
	want, have := strings.Split(template, "/"), strings.Split(path, "/")
	return slices.EqualFunc(want, have, func(w, h string) bool {
		return w == h || h != "" && strings.HasPrefix(w, "{")
	})
}
