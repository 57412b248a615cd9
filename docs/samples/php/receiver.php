<?php
// Usage: receiver.php [--count N] [PORT]
// Serves webhook.php with PHP's own server and shows what it prints.

declare(strict_types=1);

$options = getopt('', ['count:'], $rest);
$left = (int) ($options['count'] ?? PHP_INT_MAX);
$port = $argv[$rest] ?? (getenv('PORT') ?: '8000');

$server = proc_open(
    [PHP_BINARY, '-S', "127.0.0.1:$port", __DIR__ . '/webhook.php'],
    [1 => ['pipe', 'w'], 2 => STDERR],
    $pipes,
);
while ($left-- > 0 && ($line = fgets($pipes[1])) !== false) {
    echo $line;
}
proc_terminate($server, 2); // SIGINT: the last answer still goes out
proc_close($server);
