// The same program as main.altru, with Go's standard library.
package main

import (
	"bytes"
	"cmp"
	"container/heap"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"unicode"
)

const orderText = `# id; customer; item x count; priority
1; Ada Lovelace; gears x 12; 2
2; Alan Turing; tape x 300; 1
3; Grace Hopper; relays x 7; 3
4; Ada Lovelace; cards x 500; 2
5; Edsger Dijkstra; paths x 1; 5
six; Nobody; nothing x 0; 1
7; Barbara Liskov; types x 40; 4
8; Alan Turing; gears x 3; 9
9; Tony Hoare; monitors x 2
10; Grace Hopper; cards x 20; 1
11; Donald Knuth; tape x many; 1
12; Edsger Dijkstra; gears x 64; 2
`

const prose = `The warehouse opens at dawn. The first cart brings gears, the second brings tape, and the
third brings nothing at all. Nobody counts the carts; everybody counts the gears. When the
tape is short the cards are long, and when the cards are short the day is long. The relays
click, the gears turn, and the tape runs through the night until the warehouse opens again.
`

// ---------------------------------------------------------------- orders

type Order struct {
	id       int
	customer string
	item     string
	count    int
	priority int
}

func parseOrder(line string) (Order, error) {
	fields := strings.Split(line, ";")
	for i := range fields {
		fields[i] = strings.TrimSpace(fields[i])
	}
	if len(fields) != 4 {
		return Order{}, fmt.Errorf("expected 4 fields, found %d", len(fields))
	}
	item, countText, found := strings.Cut(fields[2], " x ")
	if !found {
		return Order{}, fmt.Errorf("`%s` is not `ITEM x COUNT`", fields[2])
	}
	id, err := strconv.Atoi(fields[0])
	if err != nil {
		return Order{}, fmt.Errorf("bad id `%s`", fields[0])
	}
	count, err := strconv.Atoi(countText)
	if err != nil {
		return Order{}, fmt.Errorf("bad count `%s`", countText)
	}
	priority, err := strconv.Atoi(fields[3])
	if err != nil {
		return Order{}, fmt.Errorf("bad priority `%s`", fields[3])
	}
	return Order{id, fields[1], item, count, priority}, nil
}

func readOrders(text string) ([]Order, []string) {
	var orders []Order
	var failures []string
	for i, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		order, err := parseOrder(line)
		if err != nil {
			failures = append(failures, fmt.Sprintf("line %d: %v", i+1, err))
			continue
		}
		orders = append(orders, order)
	}
	return orders, failures
}

// ---------------------------------------------------------------- stock

type Shelf struct {
	count int
	cents int
}

type Movement struct {
	item  string
	count int
}

type Stock struct {
	shelves map[string]*Shelf
	history []Movement
}

func newStock() *Stock {
	return &Stock{shelves: map[string]*Shelf{
		"gears": {70, 250}, "tape": {1000, 3}, "relays": {9, 1999}, "cards": {510, 1}, "types": {40, 75},
	}}
}

func (s *Stock) take(item string, count int) (int, error) {
	shelf, found := s.shelves[item]
	if !found {
		return 0, fmt.Errorf("no shelf for %s", item)
	}
	if shelf.count < count {
		return 0, fmt.Errorf("only %d of %d %s", shelf.count, count, item)
	}
	shelf.count -= count
	s.history = append(s.history, Movement{item, -count})
	return shelf.cents * count, nil
}

func (s *Stock) fill(item string, count int) {
	shelf, found := s.shelves[item]
	if !found {
		shelf = &Shelf{}
		s.shelves[item] = shelf
	}
	shelf.count += count
	s.history = append(s.history, Movement{item, count})
}

func (s *Stock) worth() int {
	sum := 0
	for _, shelf := range s.shelves {
		sum += shelf.count * shelf.cents
	}
	return sum
}

// ---------------------------------------------------------------- prices

type Rule interface {
	name() string
	price(order Order, cents int) int
}

type Bulk struct {
	from    int
	percent int
}

type Rush struct{}

type Loyal struct {
	names map[string]bool
}

func (b Bulk) name() string { return fmt.Sprintf("bulk %d%%", b.percent) }

func (b Bulk) price(order Order, cents int) int {
	if order.count >= b.from {
		return cents * (100 - b.percent) / 100
	}
	return cents
}

func (Rush) name() string { return "rush" }

func (Rush) price(order Order, cents int) int {
	switch {
	case order.priority <= 1:
		return cents
	case order.priority <= 4:
		return cents + 100
	default:
		return cents + 100*order.priority
	}
}

func (l Loyal) name() string { return fmt.Sprintf("loyal (%d)", len(l.names)) }

func (l Loyal) price(order Order, cents int) int {
	if l.names[order.customer] {
		return cents - cents/20
	}
	return cents
}

func rulesFor(orders []Order) []Rule {
	seen := map[string]int{}
	for _, order := range orders {
		seen[order.customer]++
	}
	names := map[string]bool{}
	for name, n := range seen {
		if n > 1 {
			names[name] = true
		}
	}
	return []Rule{Bulk{50, 15}, Rush{}, Loyal{names}}
}

type Outcome struct {
	cents int
	why   error
}

func ship(stock *Stock, rules []Rule, order Order) Outcome {
	cents, err := stock.take(order.item, order.count)
	if err != nil {
		return Outcome{why: err}
	}
	for _, rule := range rules {
		cents = rule.price(order, cents)
	}
	return Outcome{cents: cents}
}

func money(cents int) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }

// ---------------------------------------------------------------- queue

type Job struct {
	priority int
	id       int
}

type Queue []Job

func (q Queue) Len() int { return len(q) }
func (q Queue) Less(i, j int) bool {
	if q[i].priority != q[j].priority {
		return q[i].priority > q[j].priority
	}
	return q[i].id < q[j].id
}
func (q Queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *Queue) Push(x any)   { *q = append(*q, x.(Job)) }
func (q *Queue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

func byPriority(orders []Order) []int {
	queue := &Queue{}
	for _, o := range orders {
		heap.Push(queue, Job{o.priority, o.id})
	}
	var order []int
	for queue.Len() > 0 {
		order = append(order, heap.Pop(queue).(Job).id)
	}
	return order
}

// ---------------------------------------------------------------- roads

type Edge struct {
	to     int
	length int
}

type Roads struct {
	names []string
	edges [][]Edge
}

func newRoads(lines []string) *Roads {
	roads := &Roads{}
	for _, line := range lines {
		parts := strings.Fields(line)
		a, b := roads.place(parts[0]), roads.place(parts[1])
		length, err := strconv.Atoi(parts[2])
		if err != nil {
			panic(err)
		}
		roads.edges[a] = append(roads.edges[a], Edge{b, length})
		roads.edges[b] = append(roads.edges[b], Edge{a, length})
	}
	return roads
}

func (r *Roads) place(name string) int {
	if at := slices.Index(r.names, name); at >= 0 {
		return at
	}
	r.names = append(r.names, name)
	r.edges = append(r.edges, nil)
	return len(r.names) - 1
}

// route gives the places on the shortest way, and how long it is.
func (r *Roads) route(from, to int) ([]int, int, bool) {
	best := make([]int, len(r.names))
	before := make([]int, len(r.names))
	for i := range best {
		best[i] = -1
		before[i] = from
	}
	open := map[int]bool{from: true}
	best[from] = 0
	for len(open) > 0 {
		places := slices.Collect(maps.Keys(open))
		at := slices.MinFunc(places, func(a, b int) int {
			return cmp.Or(cmp.Compare(best[a], best[b]), cmp.Compare(a, b))
		})
		delete(open, at)
		for _, edge := range r.edges[at] {
			there := best[at] + edge.length
			if best[edge.to] < 0 || best[edge.to] > there {
				best[edge.to] = there
				before[edge.to] = at
				open[edge.to] = true
			}
		}
	}
	if best[to] < 0 {
		return nil, 0, false
	}
	way := []int{to}
	for way[len(way)-1] != from {
		way = append(way, before[way[len(way)-1]])
	}
	slices.Reverse(way)
	return way, best[to], true
}

// ---------------------------------------------------------------- expressions

type Token struct {
	number float64
	name   string
	sign   rune
}

func tokens(text string) ([]Token, error) {
	chars := []rune(text)
	var out []Token
	for at := 0; at < len(chars); {
		c, start := chars[at], at
		at++
		switch {
		case unicode.IsSpace(c):
		case c >= '0' && c <= '9':
			for at < len(chars) && (chars[at] >= '0' && chars[at] <= '9' || chars[at] == '.') {
				at++
			}
			number, err := strconv.ParseFloat(string(chars[start:at]), 64)
			if err != nil {
				return nil, err
			}
			out = append(out, Token{number: number})
		case unicode.IsLetter(c):
			for at < len(chars) && (unicode.IsLetter(chars[at]) || unicode.IsDigit(chars[at])) {
				at++
			}
			out = append(out, Token{name: string(chars[start:at])})
		case strings.ContainsRune("+-*/()", c):
			out = append(out, Token{sign: c})
		default:
			return nil, fmt.Errorf("`%c` at %d means nothing", c, start)
		}
	}
	return out, nil
}

type Formula struct {
	tokens []Token
	at     int
	values map[string]float64
}

func (f *Formula) sign(wanted string) rune {
	if f.at < len(f.tokens) && f.tokens[f.at].sign != 0 && strings.ContainsRune(wanted, f.tokens[f.at].sign) {
		f.at++
		return f.tokens[f.at-1].sign
	}
	return 0
}

func (f *Formula) sum() (float64, error) {
	value, err := f.product()
	if err != nil {
		return 0, err
	}
	for sign := f.sign("+-"); sign != 0; sign = f.sign("+-") {
		next, err := f.product()
		if err != nil {
			return 0, err
		}
		if sign == '+' {
			value += next
		} else {
			value -= next
		}
	}
	return value, nil
}

func (f *Formula) product() (float64, error) {
	value, err := f.atom()
	if err != nil {
		return 0, err
	}
	for sign := f.sign("*/"); sign != 0; sign = f.sign("*/") {
		next, err := f.atom()
		if err != nil {
			return 0, err
		}
		if sign == '/' && next == 0 {
			return 0, errors.New("division by zero")
		}
		if sign == '*' {
			value *= next
		} else {
			value /= next
		}
	}
	return value, nil
}

func (f *Formula) atom() (float64, error) {
	if f.sign("(") != 0 {
		value, err := f.sum()
		if err != nil {
			return 0, err
		}
		if f.sign(")") == 0 {
			return 0, errors.New("`)` is missing")
		}
		return value, nil
	}
	if f.sign("-") != 0 {
		value, err := f.atom()
		return -value, err
	}
	f.at++
	if f.at > len(f.tokens) || f.tokens[f.at-1].sign != 0 {
		return 0, errors.New("a number is missing")
	}
	token := f.tokens[f.at-1]
	if token.name == "" {
		return token.number, nil
	}
	value, found := f.values[token.name]
	if !found {
		return 0, fmt.Errorf("`%s` has no value", token.name)
	}
	return value, nil
}

func evaluate(text string, values map[string]float64) (float64, error) {
	list, err := tokens(text)
	if err != nil {
		return 0, err
	}
	formula := &Formula{tokens: list, values: maps.Clone(values)}
	value, err := formula.sum()
	if err == nil && formula.at < len(formula.tokens) {
		err = errors.New("more than one formula")
	}
	return value, err
}

// ---------------------------------------------------------------- matrices

type Matrix struct {
	size  int
	cells []int
}

func unit(size int) Matrix {
	cells := make([]int, size*size)
	for i := range size {
		cells[i*size+i] = 1
	}
	return Matrix{size, cells}
}

func (m Matrix) times(other Matrix) Matrix {
	var cells []int
	for row := range m.size {
		for column := range m.size {
			sum := 0
			for k := range m.size {
				sum += m.cells[row*m.size+k] * other.cells[k*m.size+column]
			}
			cells = append(cells, sum%1_000_007)
		}
	}
	return Matrix{m.size, cells}
}

func (m Matrix) power(exponent int) Matrix {
	result, square := unit(m.size), m
	for left := exponent; left > 0; left >>= 1 {
		if left&1 == 1 {
			result = result.times(square)
		}
		square = square.times(square)
	}
	return result
}

// ---------------------------------------------------------------- text

func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

func caesar(text string, by rune) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z':
			return (c-'a'+by)%26 + 'a'
		case c >= 'A' && c <= 'Z':
			return (c-'A'+by)%26 + 'A'
		}
		return c
	}, text)
}

func countWords(lines []string) map[string]int {
	inbox := make(chan string, len(lines))
	counted := make(chan map[string]int)
	var group sync.WaitGroup
	for range 3 {
		group.Go(func() {
			counts := map[string]int{}
			for line := range inbox {
				for _, word := range strings.Fields(line) {
					word = strings.TrimFunc(word, func(c rune) bool { return !unicode.IsLetter(c) })
					counts[strings.ToLower(word)]++
				}
			}
			counted <- counts
		})
	}
	for _, line := range lines {
		inbox <- line
	}
	close(inbox)
	go func() {
		group.Wait()
		close(counted)
	}()
	total := map[string]int{}
	for counts := range counted {
		for word, n := range counts {
			total[word] += n
		}
	}
	return total
}

// ---------------------------------------------------------------- ring

type Recent[T comparable] struct {
	items []T
	limit int
}

func (r *Recent[T]) touch(item T) bool {
	at := slices.Index(r.items, item)
	if at >= 0 {
		r.items = slices.Delete(r.items, at, at+1)
	}
	r.items = append(r.items, item)
	if len(r.items) > r.limit {
		r.items = r.items[1:]
	}
	return at >= 0
}

// ---------------------------------------------------------------- report

type Entry struct {
	Id       int    `json:"id"`
	Customer string `json:"customer"`
	Cents    *int   `json:"cents,omitempty"`
	Why      string `json:"why,omitempty"`
	Open     bool   `json:"open,omitempty"`
}

func entries(orders []Order, outcomes map[int]Outcome) []Entry {
	var list []Entry
	for _, order := range orders {
		entry := Entry{Id: order.id, Customer: order.customer}
		outcome, found := outcomes[order.id]
		switch {
		case !found:
			entry.Open = true
		case outcome.why != nil:
			entry.Why = outcome.why.Error()
		default:
			entry.Cents = &outcome.cents
		}
		list = append(list, entry)
	}
	return list
}

type Row struct {
	name string
	n    int
}

func rows(counts map[string]int) []Row {
	var list []Row
	for name, n := range counts {
		list = append(list, Row{name, n})
	}
	slices.SortFunc(list, func(a, b Row) int {
		return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.name, b.name))
	})
	return list
}

func table(list []Row, title string) {
	left := (30 - len(title)) / 2
	fmt.Println(strings.Repeat("-", left) + title + strings.Repeat("-", 30-len(title)-left))
	for _, row := range list {
		fmt.Printf("%-20s%10d\n", row.name, row.n)
	}
}

func listText(numbers []int) string {
	return strings.ReplaceAll(fmt.Sprint(numbers), " ", ", ")
}

func main() {
	orders, failures := readOrders(orderText)
	for _, failure := range failures {
		fmt.Println(failure)
	}
	fmt.Printf("%d orders, by priority %s\n", len(orders), listText(byPriority(orders)))

	stock, rules := newStock(), rulesFor(orders)
	var names []string
	for _, rule := range rules {
		names = append(names, rule.name())
	}
	fmt.Printf("rules: %s\n", strings.Join(names, ", "))
	outcomes := map[int]Outcome{}
	recent := Recent[string]{limit: 3}
	for _, order := range orders {
		outcome := ship(stock, rules, order)
		if outcome.why == nil {
			fmt.Printf("%3d %-9s%9s\n", order.id, order.item, money(outcome.cents))
		} else {
			fmt.Printf("%3d refused: %v\n", order.id, outcome.why)
		}
		if recent.touch(order.item) {
			fmt.Printf("    %s again\n", order.item)
		}
		outcomes[order.id] = outcome
	}
	stock.fill("paths", 10)
	fmt.Printf("worth %s after %d movements\n", money(stock.worth()), len(stock.history))

	slices.SortStableFunc(orders, func(a, b Order) int {
		return cmp.Or(cmp.Compare(a.customer, b.customer), cmp.Compare(b.count, a.count))
	})
	text, err := json.MarshalIndent(entries(orders, outcomes), "", "  ")
	if err != nil {
		panic(err)
	}
	var back []Entry
	if err := json.Unmarshal(text, &back); err != nil {
		panic(err)
	}
	sum := 0
	for _, entry := range back {
		if entry.Cents != nil {
			sum += *entry.Cents
		}
	}
	fmt.Printf("%d lines of JSON, %s in all\n", bytes.Count(text, []byte("\n"))+1, money(sum))
	first, _ := json.MarshalIndent(back[0], "", "  ")
	fmt.Println(string(first))

	per := map[string]int{}
	for _, order := range orders {
		per[order.customer] += order.count
	}
	table(rows(per), " customers ")

	roads := newRoads([]string{"dock mill 7", "mill farm 4", "dock fort 3", "fort farm 11", "fort mill 2", "isle reef 1"})
	for _, ends := range [][2]string{{"dock", "farm"}, {"farm", "fort"}, {"dock", "reef"}} {
		way, total, found := roads.route(roads.place(ends[0]), roads.place(ends[1]))
		if !found {
			fmt.Printf("no way from %s to %s\n", ends[0], ends[1])
			continue
		}
		var places []string
		for _, p := range way {
			places = append(places, roads.names[p])
		}
		fmt.Printf("%s: %d\n", strings.Join(places, " > "), total)
	}

	values := map[string]float64{"pi": 3.14159, "r": 2.5}
	for _, formula := range []string{"pi * r * r", "-(1 + 2) * 3 / 4", "1 / (r - 2.5)", "2 * (3 + x)", "2 $ 3", "(1"} {
		value, err := evaluate(formula, values)
		if err != nil {
			fmt.Printf("%s: %v\n", formula, err)
		} else {
			fmt.Printf("%s = %.4f\n", formula, value)
		}
	}

	steps := Matrix{3, []int{1, 1, 0, 1, 0, 1, 0, 1, 1}}
	fmt.Println(listText(steps.power(100).cells))

	lines := wrap(prose, 60)
	longest := 0
	for _, line := range lines {
		longest = max(longest, len(line))
	}
	fmt.Printf("%d lines, the longest %d\n", len(lines), longest)
	fmt.Println(caesar(lines[0], 3))
	fmt.Println(caesar(caesar(lines[0], 3), 23))
	table(rows(countWords(lines))[:6], " words ")

	var evens []int
	for n := 0; n < 40 && n*n < 900; n += 2 {
		evens = append(evens, n*n)
	}
	pairs, odd := 0, 0
	for i := 1; i < len(evens); i++ {
		pairs += evens[i] - evens[i-1]
	}
	for chunk := range slices.Chunk(evens, 4) {
		total := 0
		for _, n := range chunk {
			total += n
		}
		odd = max(odd, total)
	}
	fmt.Printf("%d squares, %d, %d, Ok(%d)\n", len(evens), pairs, odd, sort.SearchInts(evens, 256))
}
