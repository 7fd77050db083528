// Two goroutines hand a number to and fro over unbuffered channels; as threads, each has one of its own.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"
)

func player(pinned bool, hops int, inbox <-chan int, out chan<- int, last chan<- int) {
	if pinned {
		runtime.LockOSThread()
	}
	for n := range inbox {
		if n == hops {
			close(out)
			last <- n
			return
		}
		out <- n + 1
	}
	last <- 0
}

func run(part string, hops int) {
	start := time.Now()
	ping, pong, last := make(chan int), make(chan int), make(chan int)
	go player(part == "threads", hops, ping, pong, last)
	go player(part == "threads", hops, pong, ping, last)
	ping <- 1
	result := max(<-last, <-last)
	fmt.Println("ping_pong/"+part, hops, time.Since(start).Nanoseconds(), result)
}

func main() {
	n, _ := strconv.Atoi(os.Args[2])
	rounds, _ := strconv.Atoi(os.Args[3])
	for i := 0; i < rounds; i++ {
		run(os.Args[1], n)
	}
}
