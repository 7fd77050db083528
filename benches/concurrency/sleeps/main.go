// 100,000 goroutines sleep 1 to 100 milliseconds; the least possible is 100.
package main

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

const tasks = 100_000

func main() {
	start := time.Now()
	var woken atomic.Int64
	var group sync.WaitGroup
	group.Add(tasks)
	for i := 0; i < tasks; i++ {
		go func() {
			time.Sleep(time.Duration(1+i%100) * time.Millisecond)
			woken.Add(1)
			group.Done()
		}()
	}
	group.Wait()
	fmt.Println("sleeps", tasks, time.Since(start).Nanoseconds(), woken.Load())
}
