// Two goroutines that own their state tell each other, over channels with room for 16.
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"
)

func player(messages int, inbox <-chan int, partner chan<- int, done chan<- int) {
	for n := range inbox {
		if n == messages {
			done <- n
			return
		}
		partner <- n + 1
	}
}

func run(_ string, messages int) {
	start := time.Now()
	ping, pong, done := make(chan int, 16), make(chan int, 16), make(chan int)
	go player(messages, ping, pong, done)
	go player(messages, pong, ping, done)
	ping <- 1
	last := <-done
	close(ping)
	close(pong)
	fmt.Println("actor_ping_pong", messages, time.Since(start).Nanoseconds(), last)
}

func main() {
	n, _ := strconv.Atoi(os.Args[2])
	rounds, _ := strconv.Atoi(os.Args[3])
	for i := 0; i < rounds; i++ {
		run(os.Args[1], n)
	}
}
