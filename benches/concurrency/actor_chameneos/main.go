// A hundred creatures meet two by two at a mall and change their colours.
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"
)

const creatures = 100

const leave = -1

type guest struct {
	inbox  chan<- int // nil: it left
	colour int
	met    int
}

func blend(a, b int) int {
	if a == b {
		return a
	}
	return 3 - a - b
}

func mall(left int, inbox <-chan guest, done chan<- int) {
	var waiting *guest
	out, met := 0, 0
	for out < creatures {
		g := <-inbox
		switch {
		case g.inbox == nil:
			out++
			met += g.met
		case left == 0:
			g.inbox <- leave
		case waiting == nil:
			waiting = &g
		default:
			left--
			g.inbox <- waiting.colour
			waiting.inbox <- g.colour
			waiting = nil
		}
	}
	done <- met
}

func creature(mall chan<- guest, colour int) {
	inbox := make(chan int, 1)
	met := 0
	for {
		mall <- guest{inbox: inbox, colour: colour}
		other := <-inbox
		if other == leave {
			mall <- guest{met: met}
			return
		}
		met++
		colour = blend(colour, other)
	}
}

func run(_ string, meetings int) {
	start := time.Now()
	inbox, done := make(chan guest, creatures), make(chan int)
	go mall(meetings, inbox, done)
	for i := 0; i < creatures; i++ {
		go creature(inbox, i%3)
	}
	met := <-done
	fmt.Println("actor_chameneos", meetings, time.Since(start).Nanoseconds(), met)
}

func main() {
	n, _ := strconv.Atoi(os.Args[2])
	rounds, _ := strconv.Atoi(os.Args[3])
	for i := 0; i < rounds; i++ {
		run(os.Args[1], n)
	}
}
