// Waits that complete at once: what there is to wait for is there already.
package main

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"
)

func run(part string, n int) {
	start := time.Now()
	sum := 0
	if part == "lock" {
		var lock sync.Mutex
		for i := 0; i < n; i++ {
			lock.Lock()
			sum += i
			lock.Unlock()
		}
	} else {
		messages := make(chan int, 1)
		for i := 0; i < n; i++ {
			messages <- i
			sum += <-messages
		}
	}
	fmt.Println("ready/"+part, n, time.Since(start).Nanoseconds(), sum)
}

func main() {
	n, _ := strconv.Atoi(os.Args[2])
	rounds, _ := strconv.Atoi(os.Args[3])
	for i := 0; i < rounds; i++ {
		run(os.Args[1], n)
	}
}
