// One thread alone: there is nothing to choose, and whoever explores it is told so.
// asks nothing
int main() {}
