// Eight producers send numbers to one consumer. Go has no channel without a limit: that one has room for all.
package main

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"
)

const (
	producers = 8
	batch     = 64
)

func produce(group *sync.WaitGroup, body func()) {
	group.Add(1)
	go func() {
		body()
		group.Done()
	}()
}

func oneByOne(each, capacity int) int {
	numbers := make(chan int, capacity)
	var group sync.WaitGroup
	for p := 0; p < producers; p++ {
		produce(&group, func() {
			for n := 0; n < each; n++ {
				numbers <- n
			}
		})
	}
	go func() {
		group.Wait()
		close(numbers)
	}()
	sum := 0
	for n := range numbers {
		sum += n
	}
	return sum
}

func inBatches(each int) int {
	batches := make(chan []int, 1024/batch)
	var group sync.WaitGroup
	for p := 0; p < producers; p++ {
		produce(&group, func() {
			for first := 0; first < each; first += batch {
				end := min(first+batch, each)
				numbers := make([]int, 0, batch)
				for n := first; n < end; n++ {
					numbers = append(numbers, n)
				}
				batches <- numbers
			}
		})
	}
	go func() {
		group.Wait()
		close(batches)
	}()
	sum := 0
	for numbers := range batches {
		for _, n := range numbers {
			sum += n
		}
	}
	return sum
}

func run(part string, n int) {
	each := n / producers
	start := time.Now()
	sum := 0
	switch part {
	case "bounded":
		sum = oneByOne(each, 1024)
	case "unbounded":
		sum = oneByOne(each, each*producers)
	default:
		sum = inBatches(each)
	}
	fmt.Println("fan_in/"+part, each*producers, time.Since(start).Nanoseconds(), sum)
}

func main() {
	n, _ := strconv.Atoi(os.Args[2])
	rounds, _ := strconv.Atoi(os.Args[3])
	for i := 0; i < rounds; i++ {
		run(os.Args[1], n)
	}
}
