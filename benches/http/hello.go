// Answers `Hello, World!` at the address given.
package main

import (
	"io"
	"net/http"
	"os"
)

func main() {
	http.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "Hello, World!") })
	panic(http.ListenAndServe(os.Args[1], nil))
}
