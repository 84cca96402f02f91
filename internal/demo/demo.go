// Package demo is the world around a replica that `suiftly demo` plays and the end-to-end tests use: API backends, a real
// HAProxy, customers who sign in and buy, and their traffic, present and past.
package demo
