// Prints "PASSED FAILED" for a vitest json report; a file that failed before any of its tests ran counts as one failure.
import { readFileSync } from 'node:fs';

const report = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const brokenFiles = report.testResults.filter(
  ({ status, assertionResults }) =>
    status === 'failed' && !assertionResults.some((result) => result.status === 'failed'),
);
console.log(report.numPassedTests, report.numFailedTests + brokenFiles.length);
