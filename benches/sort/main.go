// Sorts pseudo-random numbers, stable and unstable.
package main

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
)

func main() {
	n, _ := strconv.Atoi(os.Args[1])
	var xs []int
	x := uint64(88172645463325252)
	for range n {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		xs = append(xs, int(x>>20))
	}
	ys := slices.Clone(xs)
	slices.SortStableFunc(xs, cmp.Compare)
	slices.Sort(ys)
	fmt.Println(xs[0], xs[n/2], xs[n-1], slices.Equal(xs, ys))
}
