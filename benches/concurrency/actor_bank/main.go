// A thousand accounts, eight clients: each takes an amount out of one account, waits for the answer, and
// has another account pay it in.
package main

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"
)

const (
	accounts = 1_000
	clients  = 8
	opening  = 1_000
)

type message struct {
	withdraw, deposit int
	answer            chan<- int // of the balance if nothing is withdrawn
}

func account(inbox <-chan message) {
	balance := opening
	for m := range inbox {
		switch {
		case m.deposit > 0:
			balance += m.deposit
		case m.withdraw == 0:
			m.answer <- balance
		case m.withdraw <= balance:
			balance -= m.withdraw
			m.answer <- 1
		default:
			m.answer <- 0
		}
	}
}

func client(number, transfers int, all []chan message) {
	at := uint64(number)
	answer := make(chan int, 1)
	for i := 0; i < transfers; i++ {
		at = at*6364136223846793005 + 1442695040888963407
		from, to := int(at>>33)%accounts, int(at>>13)%accounts
		all[from] <- message{withdraw: 1, answer: answer}
		if <-answer == 1 {
			all[to] <- message{deposit: 1}
		}
	}
}

func run(_ string, transfers int) {
	start := time.Now()
	all := make([]chan message, accounts)
	for i := range all {
		all[i] = make(chan message, 16)
		go account(all[i])
	}
	var group sync.WaitGroup
	group.Add(clients)
	for c := 0; c < clients; c++ {
		go func() {
			client(c, transfers/clients, all)
			group.Done()
		}()
	}
	group.Wait()
	total, answer := 0, make(chan int, 1)
	for _, a := range all {
		a <- message{answer: answer}
		total += <-answer
		close(a)
	}
	fmt.Println("actor_bank", transfers, time.Since(start).Nanoseconds(), total)
}

func main() {
	n, _ := strconv.Atoi(os.Args[2])
	rounds, _ := strconv.Atoi(os.Args[3])
	for i := 0; i < rounds; i++ {
		run(os.Args[1], n)
	}
}
