// Four producers and four consumers of numbers share one channel of capacity 1,024.
package main

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"
)

const sides = 4

func run(_ string, n int) {
	start := time.Now()
	numbers := make(chan int, 1024)
	sums := make(chan int, sides)
	for c := 0; c < sides; c++ {
		go func() {
			sum := 0
			for n := range numbers {
				sum += n
			}
			sums <- sum
		}()
	}
	var group sync.WaitGroup
	group.Add(sides)
	for p := 0; p < sides; p++ {
		go func() {
			for i := 0; i < n/sides; i++ {
				numbers <- i*sides + p
			}
			group.Done()
		}()
	}
	group.Wait()
	close(numbers)
	sum := 0
	for c := 0; c < sides; c++ {
		sum += <-sums
	}
	fmt.Println("mpmc", n, time.Since(start).Nanoseconds(), sum)
}

func main() {
	n, _ := strconv.Atoi(os.Args[2])
	rounds, _ := strconv.Atoi(os.Args[3])
	for i := 0; i < rounds; i++ {
		run(os.Args[1], n)
	}
}
