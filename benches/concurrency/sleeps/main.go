// Goroutines sleep 1 to 100 milliseconds; the least possible is 100. How late they wake is told in microseconds.
package main

import (
	"fmt"
	"os"
	"sort"
	"strconv"
	"sync"
	"time"
)

func run(_ string, n int) {
	start := time.Now()
	late := make([]int, n)
	var group sync.WaitGroup
	group.Add(n)
	for i := range late {
		go func() {
			pause := time.Duration(1+i%100) * time.Millisecond
			start := time.Now()
			time.Sleep(pause)
			late[i] = int((time.Since(start) - pause).Microseconds())
			group.Done()
		}()
	}
	group.Wait()
	took := time.Since(start)
	sort.Ints(late)
	fmt.Printf("sleeps %d %d %d p50=%d p99=%d most=%d\n", n, took.Nanoseconds(), len(late), late[n/2], late[n*99/100], late[n-1])
}

func main() {
	n, _ := strconv.Atoi(os.Args[2])
	rounds, _ := strconv.Atoi(os.Args[3])
	for i := 0; i < rounds; i++ {
		run(os.Args[1], n)
	}
}
