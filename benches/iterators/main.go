// The loop that a chain of lazy adaptors over a list stands for, many times.
package main

import (
	"fmt"
	"os"
	"strconv"
)

func main() {
	n, _ := strconv.Atoi(os.Args[1])
	xs := make([]int, 100000)
	for i := range xs {
		xs[i] = i
	}
	total := 0
	for round := range n {
		part, taken := 0, 0
		for i, x := range xs {
			if taken == 30000 || 7+taken == len(xs) {
				break
			}
			if (i+round)%3 == 0 {
				part += (x*2 + i) ^ xs[7+taken]
				taken++
			}
		}
		total += part
	}
	fmt.Println(total)
}
