// Two goroutines hand a number to and fro over unbuffered channels: 2,000,000 hops.
package main

import (
	"fmt"
	"time"
)

const hops = 2_000_000

func player(inbox <-chan int, out chan<- int, done chan<- int) {
	defer close(out)
	last := 0
	for n := range inbox {
		last = n
		if n == hops {
			break
		}
		out <- n + 1
		if n+1 == hops {
			break
		}
	}
	done <- last
}

func main() {
	start := time.Now()
	ping, pong, done := make(chan int), make(chan int), make(chan int, 2)
	go player(ping, pong, done)
	go player(pong, ping, done)
	ping <- 1
	last := max(<-done, <-done)
	fmt.Println("ping_pong", hops, time.Since(start).Nanoseconds(), last)
}
