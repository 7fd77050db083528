// A tree, ten children each, whose leaves' numbers are summed upwards.
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"
)

func skynet(sums chan<- int, first, leaves int) {
	if leaves == 1 {
		sums <- first
		return
	}
	part := leaves / 10
	children := make(chan int, 10)
	for i := 0; i < 10; i++ {
		go skynet(children, first+i*part, part)
	}
	sum := 0
	for i := 0; i < 10; i++ {
		sum += <-children
	}
	sums <- sum
}

func run(part string, leaves int) {
	start := time.Now()
	sums := make(chan int, 1)
	go skynet(sums, 0, leaves)
	sum := <-sums
	fmt.Println("skynet/"+part, leaves+leaves/9, time.Since(start).Nanoseconds(), sum)
}

func main() {
	n, _ := strconv.Atoi(os.Args[2])
	rounds, _ := strconv.Atoi(os.Args[3])
	for i := 0; i < rounds; i++ {
		run(os.Args[1], n)
	}
}
