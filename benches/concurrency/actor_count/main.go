// A goroutine that owns a count is told many times to count, then asked for the count.
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"
)

type message struct {
	answer chan<- int // nil: count
}

func counter(inbox <-chan message) {
	count := 0
	for m := range inbox {
		if m.answer != nil {
			m.answer <- count
		} else {
			count++
		}
	}
}

func run(_ string, messages int) {
	start := time.Now()
	inbox := make(chan message, 1024)
	go counter(inbox)
	for i := 0; i < messages; i++ {
		inbox <- message{}
	}
	answer := make(chan int)
	inbox <- message{answer}
	count := <-answer
	close(inbox)
	fmt.Println("actor_count", messages, time.Since(start).Nanoseconds(), count)
}

func main() {
	n, _ := strconv.Atoi(os.Args[2])
	rounds, _ := strconv.Atoi(os.Args[3])
	for i := 0; i < rounds; i++ {
		run(os.Args[1], n)
	}
}
