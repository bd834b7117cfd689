# SPDX-License-Identifier: Apache-2.0
# Pipes, forks, sockets, locks and signals as Perl programs use them.
use strict;
use warnings;
use Fcntl qw(:flock);
use File::Temp qw(tempdir);
use IO::Socket::INET;
use POSIX qw(:sys_wait_h);

my $dir = tempdir(CLEANUP => 1);
open(my $pipe, '-|', 'sh', '-c', 'echo wall | tr a-z A-Z') or die "pipe: $!";
die 'pipe' if <$pipe> ne "WALL\n";
close($pipe);

my $server = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1') or die "listen: $!";
my $pid = fork() // die "fork: $!";
if ($pid == 0) {
	my $client = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $server->sockport()) or POSIX::_exit(1);
	print $client "stone\n";
	$client->close();
	POSIX::_exit(7);
}
my $peer = $server->accept() or die "accept: $!";
die 'socket' if <$peer> ne "stone\n";
waitpid($pid, 0) == $pid or die "waitpid: $!";
die 'status' if WEXITSTATUS($?) != 7;

open(my $file, '+>', "$dir/file") or die "open: $!";
flock($file, LOCK_EX) or die "flock: $!";
print $file 'x' x 100000;
close($file);
die 'size' if -s "$dir/file" != 100000;
symlink('file', "$dir/link") or die "symlink: $!";
link("$dir/file", "$dir/hard") or die "link: $!";

my $fired = 0;
local $SIG{ALRM} = sub { $fired = 1 };
alarm(1);
sleep(5);
die 'alarm' unless $fired;
my @names = getpwuid($<);
die 'no name for the user' unless @names;
print "perl: ok\n";
