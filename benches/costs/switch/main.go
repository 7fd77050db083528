// Switching: two goroutines let each other go first, again and again, with so many calls around the wait.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"
)

func yields(n, deep int) int {
	if deep > 1 {
		return yields(n, deep-1) + 1
	}
	for i := 0; i < n; i++ {
		runtime.Gosched()
	}
	return 1
}

func run(part string, n int) {
	runtime.GOMAXPROCS(1)
	deep := 1
	if part == "deep_100" {
		deep = 100
	}
	start := time.Now()
	other := make(chan int)
	go func() { other <- yields(n/2, deep) }()
	sum := yields(n/2, deep) + <-other
	fmt.Println("switch/"+part, n, time.Since(start).Nanoseconds(), sum)
}

func main() {
	n, _ := strconv.Atoi(os.Args[2])
	rounds, _ := strconv.Atoi(os.Args[3])
	for i := 0; i < rounds; i++ {
		run(os.Args[1], n)
	}
}
