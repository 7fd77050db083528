// Splits a long text into words and sums what they say.
package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

func main() {
	n, _ := strconv.Atoi(os.Args[1])
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "%d,word%d,", i, i%100)
	}
	fields, digits, longest := 0, 0, 0
	for part := range strings.SplitSeq(text.String(), ",") {
		fields++
		longest = max(longest, len(part))
		if v, err := strconv.Atoi(part); err == nil {
			digits += v
		}
	}
	fmt.Println(fields, digits, longest)
}
