// 120 goroutines: each pings one after the other, and goes on when the pong has come.
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"
)

const actors = 120

const pong = -1

func peer(number, pings int, all []chan int, done chan<- int) {
	next, got := number, 0
	pingNext := func() {
		next = (next + 1) % actors
		all[next] <- number
	}
	pingNext()
	for from := range all[number] {
		if from != pong {
			all[from] <- pong
			continue
		}
		got++
		if got == pings {
			done <- got
		} else {
			pingNext()
		}
	}
}

func run(_ string, n int) {
	each := n / (2 * actors)
	start := time.Now()
	// No more than a ping and a pong of each of the others are ever on their way.
	all := make([]chan int, actors)
	for i := range all {
		all[i] = make(chan int, 2*actors)
	}
	done := make(chan int, actors)
	for i := range all {
		go peer(i, each, all, done)
	}
	sum := 0
	for range all {
		sum += <-done
	}
	for _, inbox := range all {
		close(inbox)
	}
	fmt.Println("actor_big", 2*each*actors, time.Since(start).Nanoseconds(), sum)
}

func main() {
	n, _ := strconv.Atoi(os.Args[2])
	rounds, _ := strconv.Atoi(os.Args[3])
	for i := 0; i < rounds; i++ {
		run(os.Args[1], n)
	}
}
