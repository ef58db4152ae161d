// The chapter "Windows note". Both calls do nothing here; ported code may keep them.
import { initNetSystem, uninitNetSystem } from 'ixwebsocket';

console.log(initNetSystem());
console.log(uninitNetSystem());
