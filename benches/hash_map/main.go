// Counts pseudo-random keys in a hash map, then looks all of them up.
package main

import (
	"fmt"
	"os"
	"strconv"
)

func main() {
	n, _ := strconv.Atoi(os.Args[1])
	counts := make(map[int]int)
	x := uint64(88172645463325252)
	for range n {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		counts[int(x%1000000)]++
	}
	best, missing := 0, 0
	for k := range 2000000 {
		if c, ok := counts[k]; ok {
			best = max(best, c)
		} else {
			missing++
		}
	}
	fmt.Println(len(counts), best, missing)
}
