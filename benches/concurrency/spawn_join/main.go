// Goroutines are started and joined, in order.
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"
)

func run(part string, n int) {
	start := time.Now()
	results := make([]chan int, n)
	for i := range results {
		results[i] = make(chan int, 1)
		go func() { results[i] <- i }()
	}
	sum := 0
	for _, r := range results {
		sum += <-r
	}
	fmt.Println("spawn_join/"+part, n, time.Since(start).Nanoseconds(), sum)
}

func main() {
	n, _ := strconv.Atoi(os.Args[2])
	rounds, _ := strconv.Atoi(os.Args[3])
	for i := 0; i < rounds; i++ {
		run(os.Args[1], n)
	}
}
