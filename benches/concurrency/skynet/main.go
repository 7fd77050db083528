// A tree of goroutines, ten children each, down to 1,000,000 leaves, whose numbers are summed upwards.
package main

import (
	"fmt"
	"time"
)

const leaves = 1_000_000

func skynet(out chan<- int, first, leaves int) {
	if leaves == 1 {
		out <- first
		return
	}
	part := leaves / 10
	sums := make(chan int)
	for i := 0; i < 10; i++ {
		go skynet(sums, first+i*part, part)
	}
	sum := 0
	for i := 0; i < 10; i++ {
		sum += <-sums
	}
	out <- sum
}

func main() {
	start := time.Now()
	out := make(chan int)
	go skynet(out, 0, leaves)
	sum := <-out
	fmt.Println("skynet", leaves+leaves/9, time.Since(start).Nanoseconds(), sum)
}
