package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"pirogue/bulk"
)

const (
	watchEvery = 2 * time.Second
	barWidth   = 30 // characters
)

// watchBulk prints the progress of a bulk until it ends. A terminal shows one line that changes;
// any other output gets one line for each change.
func watchBulk(ctx context.Context, c *bulkClient, id string, out io.Writer) error {
	live := isTerminal(out)
	last := ""
	for {
		bulk, err := c.readBulk(ctx, id)
		if err != nil {
			return err
		}
		switch text := progressOf(bulk, c.clock.Now(), live); {
		case live:
			fmt.Fprint(out, "\r\x1b[K"+text)
		case text != last:
			fmt.Fprintln(out, text)
			last = text
		}
		if bulk.State.Ended() {
			if live {
				fmt.Fprintln(out)
			}
			return nil
		}
		c.pause(ctx, watchEvery)
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// isTerminal reports whether out is a terminal. If not, nobody needs a line that changes in
// place.
func isTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// progressOf returns a bulk's progress in one line. Only a live line has the time left. It is an
// estimate from the pace so far, and in a log it would be stale.
func progressOf(b bulkState, now time.Time, live bool) string {
	done := 0
	for status, n := range b.Counts {
		if status.Ended() {
			done += n
		}
	}
	text := fmt.Sprintf("%-10s %3d %%  %d/%d", b.State, b.Percent.Done, done, b.Lines)
	if live {
		filled := barWidth * done / max(1, b.Lines)
		text = "[" + strings.Repeat("█", filled) + strings.Repeat("░", barWidth-filled) + "] " + text
	}
	text += fmt.Sprintf("  paid %d  failed %d  under way %d  waiting %d",
		b.Counts["SUCCESS"], b.Counts["FAILED"]+b.Counts["EXPIRED"],
		b.Counts["CREATED"]+b.Counts["INITIATED"]+b.Counts["PENDING"], b.Counts[bulk.LineWaiting])
	if n := b.Counts[bulk.LineCancelled]; n > 0 {
		text += fmt.Sprintf("  cancelled %d", n)
	}
	if left, known := timeLeft(b, done, now); live && known {
		text += "  ETA " + left.Round(time.Second).String()
	}
	return text
}

// timeLeft estimates the time until every line has ended. It reports false if no line has ended
// yet or the bulk is over.
func timeLeft(b bulkState, done int, now time.Time) (time.Duration, bool) {
	elapsed := now.Sub(b.StartedAt)
	if b.State.Ended() || b.StartedAt.IsZero() || done == 0 || elapsed <= 0 {
		return 0, false
	}
	return time.Duration(float64(elapsed) / float64(done) * float64(b.Lines-done)), true
}
