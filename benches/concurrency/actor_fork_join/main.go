// Sixty goroutines get the same number of messages each, in turn; then all are asked how many they had.
package main

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"time"
)

const actors = 60

func worker(inbox <-chan chan<- int) {
	done, value := 0, 1.5
	for answer := range inbox {
		if answer != nil {
			answer <- done
		} else {
			value *= math.Sin(value)
			done++
		}
	}
}

func run(_ string, n int) {
	start := time.Now()
	workers := make([]chan chan<- int, actors)
	for i := range workers {
		workers[i] = make(chan chan<- int, 1024)
		go worker(workers[i])
	}
	for i := 0; i < n/actors; i++ {
		for _, w := range workers {
			w <- nil
		}
	}
	done, answer := 0, make(chan int)
	for _, w := range workers {
		w <- answer
		done += <-answer
		close(w)
	}
	fmt.Println("actor_fork_join", done, time.Since(start).Nanoseconds(), done)
}

func main() {
	n, _ := strconv.Atoi(os.Args[2])
	rounds, _ := strconv.Atoi(os.Args[3])
	for i := 0; i < rounds; i++ {
		run(os.Args[1], n)
	}
}
