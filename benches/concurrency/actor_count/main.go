// A goroutine that owns a counter is told 10,000,000 times to count, then asked for the count.
package main

import (
	"fmt"
	"time"
)

const messages = 10_000_000

type message struct {
	reply chan int // nil: count
}

func counter(inbox <-chan message) {
	count := 0
	for m := range inbox {
		if m.reply == nil {
			count++
		} else {
			m.reply <- count
		}
	}
}

func main() {
	start := time.Now()
	inbox := make(chan message, 1024)
	go counter(inbox)
	done := make(chan int)
	go func() {
		for i := 0; i < messages; i++ {
			inbox <- message{}
		}
		reply := make(chan int)
		inbox <- message{reply}
		done <- <-reply
	}()
	count := <-done
	fmt.Println("actor_count", messages, time.Since(start).Nanoseconds(), count)
}
