// Four producers, four consumers, 4,000,000 numbers, one channel of capacity 1,024.
package main

import (
	"fmt"
	"sync"
	"time"
)

const (
	sides   = 4
	numbers = 4_000_000
)

func main() {
	start := time.Now()
	channel := make(chan int, 1024)
	sums := make(chan int)
	for c := 0; c < sides; c++ {
		go func() {
			sum := 0
			for n := range channel {
				sum += n
			}
			sums <- sum
		}()
	}
	var producers sync.WaitGroup
	producers.Add(sides)
	for p := 0; p < sides; p++ {
		go func() {
			for n := 0; n < numbers/sides; n++ {
				channel <- n*sides + p
			}
			producers.Done()
		}()
	}
	producers.Wait()
	close(channel)
	sum := 0
	for c := 0; c < sides; c++ {
		sum += <-sums
	}
	fmt.Println("mpmc", numbers, time.Since(start).Nanoseconds(), sum)
}
