// channel.go - Go's channel beside ours: windows of hand-offs, made on request
//
//	usage: channel_go latency|stream CAPACITY CPU CPU
//
// Two goroutines, each locked to a thread and that thread pinned to a CPU. The protocol on stdin
// and stdout and the loops are those of ../channel.c, which explains them.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"
	"unsafe"
)

const (
	letSleep    = 300 * time.Microsecond
	leadInShare = 20
	cpusMax     = 1024
	usage       = "usage: channel_go latency|stream CAPACITY CPU CPU"
)

type peer struct {
	out, back chan uint64
	stream    bool
	asked     [2]chan uint64 // the operations of a window, for each goroutine
	done      chan bool
	ns, cpuNs float64 // per operation, of the last window
}

func die(code int, why string) {
	fmt.Fprintln(os.Stderr, "channel_go: "+why)
	os.Exit(code)
}

func pin(cpu int) {
	var mask [cpusMax / 64]uint64

	mask[cpu/64] = 1 << (cpu % 64)
	_, _, errno := syscall.RawSyscall(syscall.SYS_SCHED_SETAFFINITY, 0, unsafe.Sizeof(mask),
		uintptr(unsafe.Pointer(&mask)))
	if errno != 0 {
		die(1, "cannot be pinned to that CPU: "+errno.Error())
	}
}

func cpuTime() time.Duration {
	var usage syscall.Rusage

	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		die(1, err.Error())
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func receive(lane chan uint64, due uint64) {
	if <-lane != due {
		die(1, "another value came than the one that was due")
	}
}

func (p *peer) work(me int, ops uint64) {
	switch {
	case p.stream && me == 0:
		for value := uint64(0); value < ops; value++ {
			p.out <- value
		}
	case p.stream:
		for value := uint64(0); value < ops; value++ {
			receive(p.out, value)
		}
	case me == 0:
		for trip := uint64(0); trip < ops/2; trip++ {
			p.out <- trip
			receive(p.back, trip)
		}
	default:
		for trip := uint64(0); trip < ops/2; trip++ {
			receive(p.out, trip)
			p.back <- trip
		}
	}
}

func (p *peer) window(me int, ops uint64, keepsTime bool) {
	for released := time.Now(); me == 0 && time.Since(released) < letSleep; {
	}
	p.work(me, ops/leadInShare)
	cpu, begin := cpuTime(), time.Now()
	p.work(me, ops)
	took := time.Since(begin)
	cpu = cpuTime() - cpu
	if keepsTime {
		p.ns = float64(took) / float64(ops)
		p.cpuNs = float64(cpu) / float64(ops)
	}
}

func (p *peer) sit(me, cpu int) {
	runtime.LockOSThread()
	pin(cpu)
	for ops := range p.asked[me] {
		p.window(me, ops, (me == 1) == p.stream)
		p.done <- true
	}
}

func number(text string, most int) int {
	value, err := strconv.Atoi(text)
	if err != nil || value < 0 || value > most {
		die(2, usage)
	}
	return value
}

func main() {
	if len(os.Args) != 5 || (os.Args[1] != "latency" && os.Args[1] != "stream") {
		die(2, usage)
	}
	capacity := number(os.Args[2], 1<<20)
	p := &peer{out: make(chan uint64, capacity), back: make(chan uint64, capacity),
		stream: os.Args[1] == "stream", done: make(chan bool)}
	for me := range p.asked {
		p.asked[me] = make(chan uint64)
		go p.sit(me, number(os.Args[3+me], cpusMax-1))
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var ops uint64

		if _, err := fmt.Sscanf(lines.Text(), "window %d", &ops); err != nil || ops < 2 {
			die(2, "valid on stdin: window OPS, from 2 up")
		}
		for _, asked := range p.asked {
			asked <- ops / 2 * 2
		}
		<-p.done
		<-p.done
		fmt.Printf("%.3f %.3f\n", p.ns, p.cpuNs)
	}
}
