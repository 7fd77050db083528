// The product of two n by n matrices.
package main

import (
	"fmt"
	"os"
	"strconv"
)

func multiply(a, b []float64, n int) []float64 {
	c := make([]float64, n*n)
	for i := range n {
		for k := range n {
			x := a[i*n+k]
			for j := range n {
				c[i*n+j] += x * b[k*n+j]
			}
		}
	}
	return c
}

func main() {
	n, _ := strconv.Atoi(os.Args[1])
	a, b := make([]float64, n*n), make([]float64, n*n)
	for i := range a {
		a[i], b[i] = float64(i%17), float64(i%13)
	}
	sum := 0.0
	for _, x := range multiply(a, b, n) {
		sum += x
	}
	fmt.Printf("%.1f\n", sum)
}
