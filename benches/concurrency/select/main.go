// One goroutine selects over four channels of capacity 128, each with a producer: 2,000,000 messages.
package main

import (
	"fmt"
	"time"
)

const messages = 2_000_000

func collect(a, b, c, d <-chan int) int {
	sum := 0
	for i := 0; i < messages; i++ {
		select {
		case n := <-a:
			sum += n
		case n := <-b:
			sum += n
		case n := <-c:
			sum += n
		case n := <-d:
			sum += n
		}
	}
	return sum
}

func produce() <-chan int {
	out := make(chan int, 128)
	go func() {
		for n := 0; n < messages/4; n++ {
			out <- n
		}
	}()
	return out
}

func main() {
	start := time.Now()
	sums := make(chan int)
	go func() { sums <- collect(produce(), produce(), produce(), produce()) }()
	sum := <-sums
	fmt.Println("select", messages, time.Since(start).Nanoseconds(), sum)
}
