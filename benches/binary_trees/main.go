// Binary trees, from the Computer Language Benchmarks Game; every node allocated by itself.
package main

import (
	"fmt"
	"os"
	"strconv"
)

type tree struct{ left, right *tree }

func grow(depth int) *tree {
	if depth == 0 {
		return &tree{}
	}
	return &tree{grow(depth - 1), grow(depth - 1)}
}

func (t *tree) check() int {
	n := 1
	if t.left != nil {
		n += t.left.check()
	}
	if t.right != nil {
		n += t.right.check()
	}
	return n
}

func main() {
	n, _ := strconv.Atoi(os.Args[1])
	fmt.Printf("stretch tree of depth %d\t check: %d\n", n+1, grow(n+1).check())
	longLived := grow(n)
	for depth := 4; depth <= n; depth += 2 {
		rounds := 1 << (n - depth + 4)
		total := 0
		for range rounds {
			total += grow(depth).check()
		}
		fmt.Printf("%d\t trees of depth %d\t check: %d\n", rounds, depth, total)
	}
	fmt.Printf("long lived tree of depth %d\t check: %d\n", n, longLived.check())
}
