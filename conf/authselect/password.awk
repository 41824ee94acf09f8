# A template of authselect's, system-auth or password-auth -> the same with pam_asp behind the success of whichever module
# has set the password: awk -f password.awk FILE. See README beside this file.
#
# A number in front of a jump counts lines. So where one between is there with a feature alone, and where the file has
# another form, it prints nothing but why, and ends with 1.

function stop(why) {
    print FILENAME ": " why ": change it by hand, as the README beside password.awk shows" >"/dev/stderr"
    failed = 1
    exit 1
}

/pam_asp/ { stop("it names pam_asp already") }
{ line[NR] = $0 }
$1 == "password" { at[++count] = NR }

END {
    if (failed)
        exit 1
    deny = at[count]
    if (line[deny] !~ /^password[ \t]+required[ \t]+pam_deny\.so[ \t]*$/)
        stop("its last password line is not pam_deny.so")
    sub(/required /, "requisite", line[deny])
    for (i = count - 1; i > 0; i--) {
        if (line[at[i]] ~ /\{(include|exclude) if/)
            varies = 1
        else if (line[at[i]] ~ /^password[ \t]+sufficient[ \t]/) {
            if (varies)
                stop("a feature decides how many lines are below one that is sufficient")
            sub(/sufficient[ \t]+/, sprintf("%-45s", "[success=" count - i " default=ignore]"), line[at[i]])
            jumps++
        }
    }
    if (jumps == 0)
        stop("no password line in it is sufficient")
    for (i = 1; i <= NR; i++) {
        print line[i]
        if (i == deny) {
            print "password    required                                     pam_permit.so"
            print "password    optional                                     pam_asp.so"
        }
    }
}
