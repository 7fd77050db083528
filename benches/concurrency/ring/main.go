// A number goes round a ring of 1,000 goroutines over unbuffered channels: 2,000,000 hops.
package main

import (
	"fmt"
	"time"
)

const (
	tasks = 1_000
	hops  = 2_000_000
)

func node(inbox <-chan int, next chan<- int, done chan<- int) {
	for n := range inbox {
		if n == hops {
			done <- n
		} else {
			next <- n + 1
		}
	}
}

func main() {
	start := time.Now()
	done := make(chan int)
	first := make(chan int)
	inbox := first
	for i := 1; i < tasks; i++ {
		next := make(chan int)
		go node(inbox, next, done)
		inbox = next
	}
	go node(inbox, first, done)
	first <- 1
	last := <-done
	fmt.Println("ring", hops, time.Since(start).Nanoseconds(), last)
}
