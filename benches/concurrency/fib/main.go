// Fibonacci numbers with a goroutine for one of the two calls, down to a cut-off.
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"
)

func fib(n int) int {
	if n < 2 {
		return n
	}
	return fib(n-1) + fib(n-2)
}

func parallelFib(n, cutoff int) int {
	if n < cutoff {
		return fib(n)
	}
	one := make(chan int, 1)
	go func() { one <- parallelFib(n-1, cutoff) }()
	two := parallelFib(n-2, cutoff)
	return <-one + two
}

func run(part string, n int) {
	cutoff, _ := strconv.Atoi(part)
	start := time.Now()
	result := parallelFib(n, cutoff)
	fmt.Println("fib/"+part, 1, time.Since(start).Nanoseconds(), result)
}

func main() {
	n, _ := strconv.Atoi(os.Args[2])
	rounds, _ := strconv.Atoi(os.Args[3])
	for i := 0; i < rounds; i++ {
		run(os.Args[1], n)
	}
}
