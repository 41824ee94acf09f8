# One plot, in SVG, on standard output: gnuplot -c plot.gp DATA LINES LABEL TICS. DATA has a block for each line, with its
# name in quotes above its points; TICS are the marks of the axis, as `set xtics` has them.
set terminal svg size 860,430 font "sans-serif,14" background "white" noenhanced
set logscale xy
set xlabel ARG3
set ylabel "cost of a login, in F of the processor's time"
set ytics ("0.1" 0.1, "1" 1, "10" 10, "100" 100, "1,000" 1000, "10,000" 10000, "100,000" 100000)
eval "set xtics (".ARG4.")"
set yrange [0.1:100000]
set grid ytics linetype 1 linewidth 0.5 linecolor "#cccccc"
set border 3
set tics nomirror
set offsets graph 0.03, graph 0.03, 0, 0
set key outside right top Left reverse spacing 1.4
array colour[5] = ["#c03000", "#1060a0", "#208040", "#806000", "#704090"]
plot for [line=0:ARG2-1] ARG1 index line using 1:2 with linespoints linewidth 2 linecolor rgb colour[line+1] \
    pointtype 7 pointsize 0.6 title columnheader(1), \
    1 with lines dashtype 2 linecolor "#606060" title "pam_permit: F"
