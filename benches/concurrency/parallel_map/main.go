// The sum of a hash of 32 rounds over many numbers, on all cores.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"
)

func hash(n int) uint64 {
	x := uint64(n)
	for i := 0; i < 32; i++ {
		x *= 0x9e3779b97f4a7c15
		x ^= x >> 29
	}
	return x
}

func run(_ string, n int) {
	start := time.Now()
	parts := 8 * runtime.GOMAXPROCS(0)
	sums := make(chan uint64, parts)
	for p := 0; p < parts; p++ {
		go func() {
			sum := uint64(0)
			for i := n * p / parts; i < n*(p+1)/parts; i++ {
				sum += hash(i)
			}
			sums <- sum
		}()
	}
	sum := uint64(0)
	for p := 0; p < parts; p++ {
		sum += <-sums
	}
	fmt.Println("parallel_map", n, time.Since(start).Nanoseconds(), sum)
}

func main() {
	n, _ := strconv.Atoi(os.Args[2])
	rounds, _ := strconv.Atoi(os.Args[3])
	for i := 0; i < rounds; i++ {
		run(os.Args[1], n)
	}
}
