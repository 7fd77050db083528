// Eight producers send 500,000 numbers each to one consumer, over a channel for 1,024 and over one
// that has room for all of them (Go has none without a limit).
package main

import (
	"fmt"
	"sync"
	"time"
)

const (
	producers = 8
	each      = 500_000
)

func run(name string, capacity int) {
	start := time.Now()
	numbers := make(chan int, capacity)
	var group sync.WaitGroup
	group.Add(producers)
	for p := 0; p < producers; p++ {
		go func() {
			for n := 0; n < each; n++ {
				numbers <- n
			}
			group.Done()
		}()
	}
	go func() {
		group.Wait()
		close(numbers)
	}()
	sums := make(chan int)
	go func() {
		sum := 0
		for n := range numbers {
			sum += n
		}
		sums <- sum
	}()
	sum := <-sums
	fmt.Println(name, producers*each, time.Since(start).Nanoseconds(), sum)
}

func main() {
	run("fan_in/bounded", 1024)
	run("fan_in/unbounded", producers*each)
}
