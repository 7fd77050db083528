// One goroutine selects over four channels, each with a producer: of capacity 128, or without room.
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"
)

func collect(n int, a, b, c, d <-chan int) int {
	sum := 0
	for i := 0; i < n; i++ {
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

func produce(capacity, n int) <-chan int {
	out := make(chan int, capacity)
	go func() {
		for i := 0; i < n/4; i++ {
			out <- i
		}
	}()
	return out
}

func run(part string, n int) {
	capacity := 128
	if part == "rendezvous" {
		capacity = 0
	}
	start := time.Now()
	sum := collect(n, produce(capacity, n), produce(capacity, n), produce(capacity, n), produce(capacity, n))
	fmt.Println("select/"+part, n, time.Since(start).Nanoseconds(), sum)
}

func main() {
	n, _ := strconv.Atoi(os.Args[2])
	rounds, _ := strconv.Atoi(os.Args[3])
	for i := 0; i < rounds; i++ {
		run(os.Args[1], n)
	}
}
