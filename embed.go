package main

import (
	"embed"
	"io/fs"
)

// dist is the built dashboard; in a fresh clone it holds only .gitkeep, and serve says so instead of showing a white page.
//
//go:embed all:ui/dist
var dist embed.FS

// devWallet is the test wallet that `suiftly demo` adds to the page. It is no part of the dashboard and serve never shows it.
//
//go:embed all:ui/dist-dev-wallet
var devWallet embed.FS

//go:embed db/migrations/*.sql
var migrationFiles embed.FS

//go:embed config.example.yaml
var exampleConfig string

// migrations are the files of db/migrations.
func migrations() fs.FS { return sub(migrationFiles, "db/migrations") }

func sub(files fs.FS, dir string) fs.FS {
	out, err := fs.Sub(files, dir)
	if err != nil { // the directive above names it
		panic(err)
	}
	return out
}
