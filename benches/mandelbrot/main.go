// Points of the Mandelbrot set on an n by n grid, counted.
package main

import (
	"fmt"
	"os"
	"strconv"
)

func main() {
	n, _ := strconv.Atoi(os.Args[1])
	inside := 0
	for y := range n {
		ci := 2.0*float64(y)/float64(n) - 1.0
		for x := range n {
			cr := 2.0*float64(x)/float64(n) - 1.5
			zr, zi, i := 0.0, 0.0, 0
			for i < 50 && zr*zr+zi*zi <= 4.0 {
				zr, zi = zr*zr-zi*zi+cr, 2.0*zr*zi+ci
				i++
			}
			if i == 50 {
				inside++
			}
		}
	}
	fmt.Println(inside)
}
