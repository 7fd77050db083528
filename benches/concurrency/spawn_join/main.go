// Spawns 1,000,000 goroutines and waits for them all.
package main

import (
	"fmt"
	"sync"
	"time"
)

const tasks = 1_000_000

func main() {
	start := time.Now()
	results := make([]int, tasks)
	var group sync.WaitGroup
	group.Add(tasks)
	for i := 0; i < tasks; i++ {
		go func() {
			results[i] = i
			group.Done()
		}()
	}
	group.Wait()
	sum := 0
	for _, r := range results {
		sum += r
	}
	fmt.Println("spawn_join", tasks, time.Since(start).Nanoseconds(), sum)
}
