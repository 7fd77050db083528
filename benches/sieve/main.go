// Primes below n by the sieve of Eratosthenes, five times over.
package main

import (
	"fmt"
	"os"
	"strconv"
)

func sieve(n int) int {
	composite := make([]bool, n+1)
	count := 0
	for i := 2; i <= n; i++ {
		if !composite[i] {
			count++
			for j := i * i; j <= n; j += i {
				composite[j] = true
			}
		}
	}
	return count
}

func main() {
	n, _ := strconv.Atoi(os.Args[1])
	total := 0
	for range 5 {
		total += sieve(n)
	}
	fmt.Println(total)
}
