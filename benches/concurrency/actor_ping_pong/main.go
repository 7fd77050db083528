// Two goroutines with mailboxes tell each other: 2,000,000 messages.
package main

import (
	"fmt"
	"time"
)

const messages = 2_000_000

type player struct {
	inbox   chan int
	partner *player
}

func (p *player) run(done chan<- int) {
	for n := range p.inbox {
		if n == messages {
			done <- n
		} else {
			p.partner.inbox <- n + 1
		}
	}
}

func main() {
	start := time.Now()
	ping := &player{inbox: make(chan int, 64)}
	pong := &player{inbox: make(chan int, 64), partner: ping}
	ping.partner = pong
	done := make(chan int)
	go ping.run(done)
	go pong.run(done)
	ping.inbox <- 1
	last := <-done
	fmt.Println("actor_ping_pong", messages, time.Since(start).Nanoseconds(), last)
}
