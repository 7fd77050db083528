// A number goes round a ring of 1,000 goroutines over unbuffered channels.
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"
)

const tasks = 1_000

func node(hops int, inbox <-chan int, next chan<- int, done chan<- int) {
	for n := range inbox {
		if n == hops {
			done <- n
			return
		}
		next <- n + 1
	}
}

func run(_ string, hops int) {
	start := time.Now()
	done, first := make(chan int), make(chan int)
	inbox := first
	for i := 1; i < tasks; i++ {
		next := make(chan int)
		go node(hops, inbox, next, done)
		inbox = next
	}
	go node(hops, inbox, first, done)
	first <- 1
	last := <-done
	fmt.Println("ring", hops, time.Since(start).Nanoseconds(), last)
}

func main() {
	n, _ := strconv.Atoi(os.Args[2])
	rounds, _ := strconv.Atoi(os.Args[3])
	for i := 0; i < rounds; i++ {
		run(os.Args[1], n)
	}
}
